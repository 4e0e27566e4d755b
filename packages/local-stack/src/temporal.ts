import { connect } from 'node:net';
import type { StopStep } from './process-identity.ts';
import type { ProcessRecord } from './process-record.ts';
import { superviseProgram, type Program } from './program.ts';
import { spawnLogged } from './spawn-logged.ts';
import { createNamespace, SEARCH_ATTRIBUTES } from './temporal-namespace.ts';

export interface TemporalOptions {
  readonly binaryPath: string;
  readonly port: number;
  /** Without one there is no Web UI. */
  readonly uiPort?: number | undefined;
  /** What the Web UI asks to decode payloads. */
  readonly codecEndpoint?: string | undefined;
  readonly httpPort: number;
  readonly metricsPort: number;
  /** Without one everything is kept in memory and lost when the server ends. */
  readonly dataFile?: string | undefined;
  readonly namespace: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  readonly record?: ProcessRecord | undefined;
  readonly log: (text: string) => void;
}

export interface TemporalServer {
  readonly program: Program;
  /** `127.0.0.1:7233` */
  readonly address: string;
}

const HOST = '127.0.0.1';

/** The server asks each queue of its single shard 20 times a second by default: 50 ms of waiting for every task. */
const DYNAMIC_CONFIG: Readonly<Record<string, number | boolean | string>> = {
  // A frozen worker keeps its connection, and with it the tasks that its polls are given, until the server pings it.
  'frontend.keepAliveTime': '5s',
  'frontend.keepAliveTimeout': '3s',
  // How far the clocks of a cluster's servers may differ: no timer fires sooner than that. There is one server here.
  'history.timerProcessorMaxTimeShift': '10ms',
  'history.transferProcessorMaxPollRPS': 5000,
  'history.timerProcessorMaxPollRPS': 5000,
  'history.visibilityProcessorMaxPollRPS': 1000,
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
  'system.enableActivityEagerExecution': true,
  'system.forceSearchAttributesCacheRefreshOnRead': true,
  'worker.schedulerNamespaceStartWorkflowRPS': 1000,
};

/**
 * How soon a new namespace can be used, and how soon a version of workers counts as drained. Costs 1 % of a core, so only
 * servers in memory, which serve tests, get it.
 */
const QUICK_CHANGES = {
  'system.namespaceCacheRefreshInterval': '200ms',
  'matching.wv.VersionDrainageStatusVisibilityGracePeriod': '1s',
  'matching.wv.VersionDrainageStatusRefreshInterval': '1s',
} as const;

const STOP_STEPS: readonly StopStep[] = [
  { signal: 'SIGINT', waitMs: 8_000 },
  { signal: 'SIGKILL', waitMs: 2_000 },
];

/** Starts Temporal's server, with our namespace ready for use. */
export const startTemporal = async (options: TemporalOptions): Promise<TemporalServer> => {
  const { binaryPath, port, namespace, cwd, env, logFile, record, log } = options;
  const address = `${HOST}:${port}`;
  const program = superviseProgram({
    name: 'temporal',
    spawn: () =>
      spawnLogged({
        name: 'Temporal',
        command: binaryPath,
        args: serverArguments(options),
        // GOGC: less frequent collection saves the server 30 % of its CPU for some memory.
        env: { PATH: env['PATH'], HOME: env['HOME'], GOGC: '400' },
        cwd,
        logFile,
      }),
    isReady: () => isListening(port),
    readyTimeoutMs: 60_000,
    stopSteps: STOP_STEPS,
    logFile,
    record,
    log,
  });
  await program.start();
  try {
    await createNamespace({ address, namespace });
  } catch (error) {
    await program.stop();
    throw error;
  }
  return { program, address };
};

const serverArguments = (options: TemporalOptions): readonly string[] => {
  const { port, uiPort, codecEndpoint, httpPort, metricsPort, dataFile, namespace } = options;
  const settings = dataFile === undefined ? { ...DYNAMIC_CONFIG, ...QUICK_CHANGES } : DYNAMIC_CONFIG;
  const storage =
    dataFile === undefined
      ? []
      : ['--db-filename', dataFile, '--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'];
  return [
    ...['server', 'start-dev', '--ip', HOST, '--port', String(port)],
    ...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort), '--ui-disable-news-fetch']),
    ...(uiPort === undefined || codecEndpoint === undefined ? [] : ['--ui-codec-endpoint', codecEndpoint]),
    ...['--http-port', String(httpPort), '--metrics-port', String(metricsPort)],
    ...storage,
    ...['--namespace', namespace],
    ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    ...Object.entries(settings).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${JSON.stringify(value)}`]),
    ...['--disable-config-file', '--disable-config-env', '--log-level', 'warn', '--log-format', 'json'],
  ];
};

/** Whether something on this machine takes connections on a port. */
export const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: HOST });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
