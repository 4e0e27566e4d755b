import { ActionIcon, Drawer } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { useEffect } from 'react';
import { Icon, type IconName } from '../components/icon.tsx';
import { Logo } from '../components/logo.tsx';
import { WorkspaceSwitcher } from '../features/workspaces/components/workspace-switcher.tsx';
import { useSession } from '../lib/session.tsx';
import { AccountMenu } from './account-menu.tsx';
import './shell.css';

const PAGES: readonly { readonly to: '/runs' | '/tasks'; readonly icon: IconName; readonly word: string }[] = [
  { to: '/runs', icon: 'runs', word: 'Runs' },
  { to: '/tasks', icon: 'task', word: 'Tasks' },
];

/** What stands around every page of somebody who is signed in. */
export const Shell = () => {
  const { session } = useSession();
  const navigate = useNavigate();
  const here = useRouterState({ select: (state) => state.location.href });
  const [isMenuOpen, menu] = useDisclosure(false);
  useEffect(() => {
    // On its way there already: the address changes before the page does.
    if (session.status !== 'signed out' || here.startsWith('/sign-in')) return;
    void navigate({ to: '/sign-in', search: here === '/' || here === '/runs' ? {} : { next: here }, replace: true });
  }, [session, navigate, here]);
  if (session.status !== 'signed in') return null;
  return (
    <div className="shell">
      <a className="skip" href="#content">
        Skip to content
      </a>
      <header className="topbar">
        <ActionIcon variant="subtle" color="gray" size="lg" onClick={menu.open} aria-label="Open the menu">
          <Icon name="menu" size={20} />
        </ActionIcon>
        <Logo />
      </header>
      <Drawer
        opened={isMenuOpen}
        onClose={menu.close}
        size={280}
        title={<Logo />}
        closeButtonProps={{ 'aria-label': 'Close the menu' }}
      >
        <Side email={session.email} onLeave={menu.close} />
      </Drawer>
      <aside className="side">
        <Link to="/runs" className="side-home" aria-label="Durabase, all runs">
          <Logo />
        </Link>
        <Side email={session.email} />
      </aside>
      <main className="content" id="content" tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
};

interface SideProps {
  readonly email: string;
  readonly onLeave?: () => void;
}

const Side = ({ email, onLeave }: SideProps) => (
  <div className="side-body">
    <WorkspaceSwitcher />
    <nav className="nav" aria-label="Pages">
      {PAGES.map(({ to, icon, word }) => (
        <Link key={to} to={to} className="nav-link" activeProps={{ 'aria-current': 'page' }} onClick={onLeave}>
          <Icon name={icon} size={17} />
          {word}
        </Link>
      ))}
    </nav>
    <AccountMenu email={email} />
  </div>
);
