import type { Json } from '@durabase/client';
import { useState } from 'react';
import { Dialog } from '../../../components/dialog.tsx';
import { JsonEditor } from '../../../components/json-editor.tsx';
import { parseJson } from '../../../lib/parse-json.ts';
import { VersionChoice } from './version-choice.tsx';
import type { OperationDialogProps } from './operation-dialog.ts';

export const RerunDialog = ({ input, onConfirm, ...rest }: OperationDialogProps & { readonly input: unknown }) => {
  const [text, setText] = useState(() => JSON.stringify(input, null, 2));
  const [version, setVersion] = useState<'same' | 'newest'>('newest');
  const parsed = parseJson(text);
  return (
    <Dialog
      {...rest}
      size="lg"
      title="Run this again"
      confirm="Start the run"
      isReady={parsed.ok}
      onConfirm={() => {
        if (parsed.ok) onConfirm({ kind: 'rerun', input: parsed.value as Json, version });
      }}
    >
      <p>A new run from the first step, with this input.</p>
      <JsonEditor label="Input" text={text} problems={parsed.ok ? [] : [parsed.problem]} onChange={setText} />
      <VersionChoice value={version} onChange={setVersion} />
    </Dialog>
  );
};
