import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useMemo } from 'react';
import { type Backend, BackendContext } from '../lib/backend.ts';
import { createQueryClient } from '../lib/query-client.ts';
import { SessionProvider } from '../lib/session.tsx';
import { styleNonce } from '../lib/style-nonce.ts';
import { router } from './router.tsx';
import { resolveVariables, theme } from './theme.ts';

export const App = ({ backend }: { readonly backend: Backend }) => {
  const queryClient = useMemo(() => createQueryClient(backend.supabase), [backend]);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={resolveVariables}
      defaultColorScheme="auto"
      getStyleNonce={() => styleNonce() ?? ''}
    >
      <BackendContext value={backend}>
        <QueryClientProvider client={queryClient}>
          <SessionProvider>
            <RouterProvider router={router} />
          </SessionProvider>
        </QueryClientProvider>
      </BackendContext>
    </MantineProvider>
  );
};
