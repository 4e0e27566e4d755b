// Run with NODE_OPTIONS=--experimental-vm-modules: without it Jest turns our modules into CommonJS.
const support = '<rootDir>/test/support';
const conformance = '<rootDir>/test/conformance/support';
const browser = '<rootDir>/test/browser/support';
const swc = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2024' },
  module: { type: 'es6' },
  sourceMaps: 'inline',
};

/** Servers that the tests of a project share; each project asks for no more than it needs. */
const servers = {
  none: {},
  postgres: { globalSetup: `${support}/global-setup.mjs`, globalTeardown: `${support}/global-teardown.mjs` },
  all: { globalSetup: `${support}/global-setup-all.mjs`, globalTeardown: `${support}/global-teardown.mjs` },
  supabase: { globalSetup: `${conformance}/global-setup.mjs`, globalTeardown: `${conformance}/global-teardown.mjs` },
  browser: { globalSetup: `${browser}/global-setup.mjs`, globalTeardown: `${browser}/global-teardown.mjs` },
};

const project = (displayName, folders, shared, options = {}) => ({
  displayName,
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', swc] },
  testMatch: folders.map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`),
  ...servers[shared],
  ...options,
});

export default {
  maxWorkers: 2,
  // Modules of finished files stay in memory: without a limit two workers end at 14 GB, collecting more than testing.
  workerIdleMemoryLimit: '2GB',
  testTimeout: 30_000,
  // Temporal's native runtime may keep a finished process for as long as its polls.
  forceExit: true,
  reporters: ['default', `${import.meta.dirname}/test/support/count-reporter.mjs`],
  coverageProvider: 'v8',
  coverageDirectory: 'coverage',
  // The dashboard runs in a browser, where nothing counts lines.
  collectCoverageFrom: ['src/**/*.ts', 'packages/*/src/**/*.ts', '!packages/dashboard/**', '!**/*.d.ts'],
  coverageThreshold: { global: { lines: 80 } },
  projects: [
    project('unit', ['unit', 'architecture'], 'none'),
    project('replay', ['replay'], 'none'),
    project('db', ['db'], 'postgres'),
    project('realtime', ['realtime'], 'postgres'),
    project('api', ['api', 'cli'], 'postgres'),
    project('engine', ['engine', 'activities', 'platform'], 'all'),
    project('stack', ['stack'], 'none'),
    project('conformance', ['conformance'], 'supabase'),
    project('client', ['client'], 'all'),
    project('e2e', ['e2e'], 'none'),
    project('browser', ['browser'], 'browser'),
  ],
};
