/**
 * Which folder may import which. Arrows point one way:
 * contracts ← domain ← workflows / activities / api / dispatcher / reconciler / sequencer ← composition roots.
 */
const types = { dependencyTypesNot: ['type-only'] };
const ROOTS = '^src/(worker|server|create-worker|config)\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, ...types } },
    { name: 'nothing-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'contracts-depend-on-zod-only',
      severity: 'error',
      from: { path: '^packages/contracts/' },
      to: { pathNot: '^packages/contracts/|node_modules/zod/' },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { pathNot: '^src/domain/|^packages/contracts/|node_modules/(@bufbuild/(cel|protobuf)|re2js)/', ...types },
    },
    {
      name: 'expressions-stay-out-of-workflows',
      comment: 'the language weighs more than everything else in the bundle, and expressions are evaluated in activities',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: { path: '^src/domain/expression/|node_modules/@bufbuild/', reachable: true },
    },
    { name: 'ports-are-types', severity: 'error', from: { path: '^src/ports/' }, to: { pathNot: '^src/ports/', ...types } },
    {
      name: 'workflows-decide',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: {
        pathNot: '^src/workflows/|^src/domain/|^packages/contracts/src/errors\\.ts$|@temporalio/(workflow|common)',
        ...types,
      },
    },
    {
      name: 'activities-act',
      severity: 'error',
      from: { path: '^src/activities/' },
      to: { path: '^src/(api|platform|dispatcher|reconciler|sequencer)/|^src/workflows/', ...types },
    },
    {
      name: 'api-translates',
      severity: 'error',
      from: { path: '^src/api/' },
      to: { path: '^src/(platform|dispatcher|reconciler|sequencer|workflows|activities)/', ...types },
    },
    {
      name: 'platform-knows-ports',
      severity: 'error',
      from: { path: '^src/platform/' },
      to: { path: '^src/(api|activities|dispatcher|reconciler|sequencer)/', ...types },
    },
    {
      name: 'drivers-live-in-platform',
      severity: 'error',
      from: { path: '^src/(domain|ports|workflows|activities|api|dispatcher|reconciler|sequencer)/' },
      to: { path: 'node_modules/(pg|undici|winston|jose)/', ...types },
    },
    {
      name: 'only-roots-read-config',
      severity: 'error',
      from: { path: '^src/', pathNot: ROOTS },
      to: { path: '^src/config\\.ts$', ...types },
    },
    {
      name: 'client-runs-in-browsers',
      severity: 'error',
      from: { path: '^packages/client/', pathNot: '^packages/client/src/tasks\\.ts$' },
      to: {
        pathNot: '^packages/client/|^packages/contracts/src/(errors|json|run-states)\\.ts$|node_modules/@supabase/supabase-js/',
        ...types,
      },
    },
    {
      name: 'client-leaves-tasks-aside',
      comment: 'tasks are written on a server; whoever only starts them carries no schemas',
      severity: 'error',
      from: { path: '^packages/client/src/(?!tasks\\.ts$)' },
      to: { path: '^packages/client/src/tasks\\.ts$', ...types },
    },
    {
      name: 'cli-is-a-client',
      comment: 'whatever it knows of tasks, it asks the API',
      severity: 'error',
      from: { path: '^packages/cli/' },
      to: { path: '^(src|packages/(client|local-stack))/' },
    },
    {
      name: 'dashboard-asks-by-client-and-http',
      severity: 'error',
      from: { path: '^packages/dashboard/src/' },
      to: { path: '^src/|^packages/(local-stack|cli)/', ...types },
    },
    {
      name: 'contracts-stay-light-in-the-dashboard',
      comment: 'what needs zod is imported as types',
      severity: 'error',
      from: { path: '^packages/dashboard/src/' },
      to: { path: '^packages/contracts/src/', pathNot: '^packages/contracts/src/(errors|json|run-states)\\.ts$', ...types },
    },
    {
      name: 'features-know-nothing-of-each-other',
      severity: 'error',
      from: { path: '^packages/dashboard/src/features/([^/]+)/' },
      to: { path: '^packages/dashboard/src/features/', pathNot: '^packages/dashboard/src/features/$1/' },
    },
    {
      name: 'dashboard-shares-downwards',
      comment: 'app ← pages ← features ← components ← lib',
      severity: 'error',
      from: { path: '^packages/dashboard/src/(lib|components|features|pages)/' },
      to: { path: '^packages/dashboard/src/app/', ...types },
    },
    {
      name: 'dashboard-parts-know-no-features',
      severity: 'error',
      from: { path: '^packages/dashboard/src/(lib|components)/' },
      to: { path: '^packages/dashboard/src/(features|pages|app)/', ...types },
    },
    {
      name: 'product-never-imports-tests',
      severity: 'error',
      from: { path: '^(src|packages)/' },
      to: { path: '^(test|demo|bench)/' },
    },
    { name: 'e2e-is-a-stranger', severity: 'error', from: { path: '^test/e2e/' }, to: { path: '^src/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
      extensions: ['.ts', '.js', '.json'],
    },
    parser: 'swc',
  },
};
