import { Confirm } from "../dialog/confirm";

/** Asked when a form with changes is closed. */
export function Discard({ onDiscard, onClose }: { onDiscard: () => void; onClose: () => void }) {
  return (
    <Confirm title="Discard the changes?" action="Discard" onConfirm={onDiscard} onClose={onClose}>
      What was changed here has not been saved.
    </Confirm>
  );
}
