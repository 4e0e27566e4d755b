import { createRootRoute, createRoute, createRouter, redirect, retainSearchParams } from '@tanstack/react-router';
import { BrokenPage } from '../pages/broken-page.tsx';
import { NotFoundPage } from '../pages/not-found-page.tsx';
import { RunPage } from '../pages/run-page.tsx';
import { RunsPage } from '../pages/runs-page.tsx';
import { SignInPage } from '../pages/sign-in-page.tsx';
import { StartPage } from '../pages/start-page.tsx';
import { NewTaskPage, TaskPage } from '../pages/task-page.tsx';
import { TasksPage } from '../pages/tasks-page.tsx';
import { readRootSearch, readRunSearch, readRunsSearch, readSignInSearch, readTaskSearch, readTasksSearch } from './search.ts';
import { Shell } from './shell.tsx';

const root = createRootRoute({
  validateSearch: readRootSearch,
  search: { middlewares: [retainSearchParams(['workspace'])] },
  notFoundComponent: NotFoundPage,
});
const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: readSignInSearch,
  component: SignInPage,
});
const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell });
const home = createRoute({
  getParentRoute: () => shell,
  path: '/',
  beforeLoad: () => {
    // The router's own way to leave: it is no error.
    // oxlint-disable-next-line typescript/only-throw-error
    throw redirect({ to: '/runs' });
  },
});
const runs = createRoute({ getParentRoute: () => shell, path: '/runs', validateSearch: readRunsSearch, component: RunsPage });
const run = createRoute({ getParentRoute: () => shell, path: '/runs/$run', validateSearch: readRunSearch, component: RunPage });
const tasks = createRoute({ getParentRoute: () => shell, path: '/tasks', validateSearch: readTasksSearch, component: TasksPage });
const newTask = createRoute({ getParentRoute: () => shell, path: '/tasks/new', component: NewTaskPage });
const task = createRoute({
  getParentRoute: () => shell,
  path: '/tasks/$task',
  validateSearch: readTaskSearch,
  component: TaskPage,
});
const start = createRoute({ getParentRoute: () => shell, path: '/tasks/$task/start', component: StartPage });

export const router = createRouter({
  routeTree: root.addChildren([signIn, shell.addChildren([home, runs, run, tasks, newTask, task, start])]),
  defaultErrorComponent: BrokenPage,
  defaultPreload: false,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
