import { useEffect } from 'react';

/** Title of the tab, and of the page in the history. */
export const useTitle = (title: string): void => {
  useEffect(() => {
    document.title = `${title} · Durabase`;
  }, [title]);
};
