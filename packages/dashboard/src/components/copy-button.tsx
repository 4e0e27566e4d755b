import { ActionIcon, CopyButton as Copying, Tooltip } from '@mantine/core';
import { Icon } from './icon.tsx';

/** Puts a text on the clipboard, and says so. */
export const CopyButton = ({ text, label }: { readonly text: string; readonly label: string }) => (
  <Copying value={text} timeout={1_500}>
    {({ copied, copy }) => (
      <Tooltip label={copied ? 'Copied' : label}>
        <ActionIcon variant="subtle" color="gray" size="sm" onClick={copy} aria-label={copied ? 'Copied' : label}>
          <Icon name={copied ? 'check' : 'copy'} size={14} />
        </ActionIcon>
      </Tooltip>
    )}
  </Copying>
);
