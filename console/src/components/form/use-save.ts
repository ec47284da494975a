/** Writing a form through the API: one write at a time, errors at the field they name. */
import { useState } from "preact/hooks";
import { memberOf, withoutMember } from "../../model/api-problem";

export interface Save {
  isBusy: boolean;
  /** Does the work; a rejection is kept as the failure. True when it succeeded. */
  run: (work: () => Promise<unknown>) => Promise<boolean>;
  /** What the server said about a member. */
  at: (member: string) => string | undefined;
  /** What it said that belongs to no member of the form. */
  general: string | undefined;
  clear: () => void;
}

/** `members` are those that the form has fields for. */
export function useSave(members: readonly string[]): Save {
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Error>();
  const named = failure && memberOf(failure.message);
  const isAtField = named !== undefined && members.includes(named);
  const run = async (work: () => Promise<unknown>) => {
    setBusy(true);
    setFailure(undefined);
    try {
      await work();
      return true;
    } catch (cause) {
      setFailure(cause instanceof Error ? cause : new Error(String(cause)));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return {
    isBusy,
    run,
    at: member => (isAtField && named === member ? withoutMember(failure?.message ?? "") : undefined),
    general: failure && !isAtField ? failure.message : undefined,
    clear: () => setFailure(undefined),
  };
}
