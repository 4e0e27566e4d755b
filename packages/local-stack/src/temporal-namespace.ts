import { Connection, isGrpcServiceError } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { StackError } from './stack-error.ts';
import { waitUntil } from './wait-until.ts';

export interface NamespaceOptions {
  /** `127.0.0.1:7233` */
  readonly address: string;
  readonly namespace: string;
}

/** Filled by our workflows: Temporal's lists are narrowed by them to a workspace, a task or a state. */
export const SEARCH_ATTRIBUTES = ['DurabaseWorkspace', 'DurabaseTask', 'DurabaseState'] as const;

const RETENTION = '168h';
const USABLE_TIMEOUT_MS = 30_000;
/** Values of the protocol: gRPC status codes and `IndexedValueType`. */
const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
const KEYWORD = 2;

/** Makes a namespace with our retention and search attributes, or completes one; returns when it can be used. */
export const createNamespace = async ({ address, namespace }: NamespaceOptions): Promise<void> => {
  const connection = await Connection.connect({ address, connectTimeout: '10s' });
  try {
    await registerOrUpdate(connection, namespace);
    await addMissingAttributes(connection, namespace);
    const isInTime = await waitUntil(() => isUsable(connection, namespace), { timeoutMs: USABLE_TIMEOUT_MS });
    if (!isInTime)
      throw new StackError(`Namespace ${namespace} on ${address} was not usable after ${USABLE_TIMEOUT_MS / 1000} s.`);
  } finally {
    await connection.close();
  }
};

const registerOrUpdate = async ({ workflowService }: Connection, namespace: string): Promise<void> => {
  const workflowExecutionRetentionTtl = msToTs(RETENTION);
  try {
    await workflowService.updateNamespace({ namespace, config: { workflowExecutionRetentionTtl } });
    return;
  } catch (error) {
    if (!hasStatus(error, NOT_FOUND)) throw error;
  }
  try {
    await workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: workflowExecutionRetentionTtl });
  } catch (error) {
    if (!hasStatus(error, ALREADY_EXISTS)) throw error;
  }
};

const addMissingAttributes = async ({ operatorService }: Connection, namespace: string): Promise<void> => {
  const missing = async (): Promise<readonly string[]> => {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    return SEARCH_ATTRIBUTES.filter((name) => customAttributes?.[name] === undefined);
  };
  const add = async (): Promise<boolean> => {
    try {
      const names = await missing();
      if (names.length === 0) return true;
      await operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(names.map((name) => [name, KEYWORD])),
      });
      return true;
    } catch (error) {
      // The services of the server learn of a new namespace one after the other.
      if (hasStatus(error, NOT_FOUND)) return false;
      throw error;
    }
  };
  if (await waitUntil(add, { timeoutMs: USABLE_TIMEOUT_MS })) return;
  throw new StackError(`Namespace ${namespace} did not take its search attributes within ${USABLE_TIMEOUT_MS / 1000} s.`);
};

const isUsable = async ({ workflowService }: Connection, namespace: string): Promise<boolean> => {
  const query = SEARCH_ATTRIBUTES.map((name) => `${name} = 'none'`).join(' and ');
  try {
    await workflowService.describeNamespace({ namespace });
    await workflowService.listWorkflowExecutions({ namespace, query, pageSize: 1 });
    return true;
  } catch (error) {
    if (isGrpcServiceError(error)) return false;
    throw error;
  }
};

const hasStatus = (error: unknown, status: number): boolean => isGrpcServiceError(error) && Number(error.code) === status;
