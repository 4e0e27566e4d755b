import type { LinkToTemporal } from './create-route-ports.ts';

export const createLinkToTemporal =
  (webUiUrl: string | undefined, namespace = 'default'): LinkToTemporal =>
  (workflowId) =>
    webUiUrl === undefined
      ? null
      : `${webUiUrl.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
