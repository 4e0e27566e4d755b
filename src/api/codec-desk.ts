import { PlatformError } from '@durabase/contracts';
import type { CodecPayload } from '@durabase/contracts/api/codec';
import type { Identity } from '../ports/db.ts';
import type { Log } from '../ports/log.ts';
import type { PayloadBytes, PayloadCodecPort } from '../ports/payload-codec.ts';
import { type CodecRights, findCodecRights } from './queries/codec.ts';
import type { RunAsCaller } from './run-as-caller.ts';
import { readCaller } from './streams/read-caller.ts';

/** Payloads of Temporal for those who may read them. Uses are logged, contents never. */
export interface CodecDesk {
  /** What the caller may not read stays as it is: one who looks at many workspaces gets those that are his. */
  decode(identity: Identity, payloads: readonly CodecPayload[]): Promise<readonly CodecPayload[]>;
  /** Throws FORBIDDEN: what is encoded here is the instance's own, and only its admins speak for it. */
  encode(identity: Identity, payloads: readonly CodecPayload[]): Promise<readonly CodecPayload[]>;
}

export interface CodecDeskOptions {
  /** Without one, nothing is encrypted. */
  readonly codec: PayloadCodecPort | undefined;
  readonly runAsCaller: RunAsCaller;
  readonly log: Log;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NOTHING: CodecRights = { seesInstance: false, workspaceIds: new Set() };

export function createCodecDesk({ codec, runAsCaller, log }: CodecDeskOptions): CodecDesk {
  return {
    decode: async (identity, payloads) => {
      const all = payloads.map(toBytes);
      const workspaces = all.map((payload) => codec?.workspaceOf(payload));
      const rights = await findRights(runAsCaller, { identity, workspaces });
      const isOpen = workspaces.map((workspace) => workspace !== undefined && mayRead(rights, workspace));
      const opened = await Promise.all(
        all.map(async (payload, index) => (isOpen[index] === true ? openOne(codec, payload, index) : payload)),
      );
      logUse(log, { event: 'codec.decoded', identity, workspaces, isOpen });
      return opened.map(toWire);
    },
    encode: async (identity, payloads) => {
      const { seesInstance } = await runAsCaller(identity, (tx) => findCodecRights(tx, []));
      if (!seesInstance)
        throw new PlatformError('FORBIDDEN', {
          message: 'only admins of the instance encode payloads by hand',
          hint: 'start the task through the API, which encrypts for its workspace',
        });
      if (codec === undefined) return payloads;
      const encoded = await codec.encode(payloads.map(toBytes));
      logUse(log, { event: 'codec.encoded', identity, workspaces: [], isOpen: payloads.map(() => true) });
      return encoded.map(toWire);
    },
  };
}

const mayRead = ({ seesInstance, workspaceIds }: CodecRights, workspace: string): boolean =>
  UUID.test(workspace) ? workspaceIds.has(workspace) : seesInstance;

interface RightsQuestion {
  readonly identity: Identity;
  readonly workspaces: readonly (string | undefined)[];
}

async function findRights(runAsCaller: RunAsCaller, { identity, workspaces }: RightsQuestion): Promise<CodecRights> {
  const named = new Set(workspaces.filter((workspace) => workspace !== undefined));
  if (named.size === 0) return NOTHING; // nothing is encrypted
  return runAsCaller(identity, (tx) =>
    findCodecRights(
      tx,
      [...named].filter((workspace) => UUID.test(workspace)),
    ),
  );
}

async function openOne(codec: PayloadCodecPort | undefined, payload: PayloadBytes, index: number): Promise<PayloadBytes> {
  if (codec === undefined) return payload;
  try {
    return await codec.decode(payload);
  } catch (error) {
    throw new PlatformError('INVALID_REQUEST', {
      message: 'the payload cannot be decoded: it was altered or cut off, or its key is not known here',
      hint: 'send it as Temporal gave it; keep old keys in DURABASE_CODEC_KEYS until retention has passed',
      path: `payloads/${index}`,
      cause: error,
    });
  }
}

interface Use extends RightsQuestion {
  readonly event: string;
  readonly isOpen: readonly boolean[];
}

function logUse(log: Log, { event, identity, workspaces, isOpen }: Use): void {
  const { key, userId } = readCaller(identity);
  const opened = isOpen.filter(Boolean).length;
  log.info(event, {
    caller: userId ?? key,
    workspaceIds: [...new Set(workspaces.filter((_, index) => isOpen[index]))].join(','),
    openedCount: opened,
    leftCount: workspaces.filter((workspace, index) => workspace !== undefined && isOpen[index] !== true).length,
  });
}

const toBytes = ({ metadata, data }: CodecPayload): PayloadBytes => ({
  ...(metadata === undefined ? {} : { metadata: mapValues(metadata, (text) => Buffer.from(text, 'base64')) }),
  ...(data === undefined ? {} : { data: Buffer.from(data, 'base64') }),
});

const toWire = ({ metadata, data }: PayloadBytes): CodecPayload => ({
  ...(metadata === undefined ? {} : { metadata: mapValues(metadata, toBase64) }),
  ...(data === undefined ? {} : { data: toBase64(data) }),
});

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const mapValues = <From, To>(record: Readonly<Record<string, From>>, map: (value: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
