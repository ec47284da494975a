/** `GetEncryptionConfig` and `PutEncryptionConfig` (spec api.md; security.md 5). */
import { optional, type Read, shape, string } from "./check";
import { type CallOptions, post } from "./client";

const config = shape({ Type: string, KeyId: optional(string), Status: optional(string) });
const answer = shape({ EncryptionConfig: config });

export type EncryptionConfig = Read<typeof config>;

export const getEncryptionConfig = async (options: CallOptions = {}): Promise<EncryptionConfig> =>
  (await post("EncryptionConfig", {}, answer, options)).EncryptionConfig;

export const putEncryptionConfig = async (
  change: { Type: "NONE" } | { Type: "KMS"; KeyId: string },
): Promise<EncryptionConfig> => (await post("PutEncryptionConfig", change, answer)).EncryptionConfig;
