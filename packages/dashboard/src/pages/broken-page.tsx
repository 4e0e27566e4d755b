import { Button } from '@mantine/core';
import { Notice } from '../components/notice.tsx';
import { describeError } from '../lib/describe-error.ts';
import { useTitle } from '../lib/use-title.ts';

/** In place of a page that threw, which also happens when a newer version of these pages was deployed under an open one. */
export const BrokenPage = ({ error }: { readonly error: unknown }) => {
  useTitle('Broken');
  return (
    <Notice icon="alert" title="This page broke" isPage action={<Button onClick={() => location.reload()}>Load it again</Button>}>
      <p role="alert">{describeError(error).title}</p>
    </Notice>
  );
};
