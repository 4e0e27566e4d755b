import { Link } from '@tanstack/react-router';
import { Notice } from '../components/notice.tsx';
import { useTitle } from '../lib/use-title.ts';

export const NotFoundPage = () => {
  useTitle('Not found');
  return (
    <main>
      <Notice icon="search" title="There is no such page" isPage>
        <Link to="/runs" className="link">
          Go to the runs
        </Link>
      </Notice>
    </main>
  );
};
