import { useBlocker } from '@tanstack/react-router';
import { Dialog } from '../../../components/dialog.tsx';

/** Asks before a page is left on which something was written and not saved. */
export const LeaveGuard = ({ isChanged }: { readonly isChanged: boolean }) => {
  const { status, proceed, reset } = useBlocker({
    // Tabs of the same page keep what was written.
    shouldBlockFn: ({ current, next }) => isChanged && current.pathname !== next.pathname,
    enableBeforeUnload: isChanged,
    withResolver: true,
  });
  if (status !== 'blocked') return null;
  return (
    <Dialog title="Leave without saving?" confirm="Leave" isDestructive onClose={reset} onConfirm={proceed}>
      <p>What you have written here is lost.</p>
    </Dialog>
  );
};
