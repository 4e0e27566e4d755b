/** What a cell of a table in Markdown may hold. */
export const toCell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** The page with another table between the comments that name it. */
export const withTable = (page: string, name: string, table: string): string => {
  const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page lacks the lines "${start}" and "${end}"`);
  return `${page.slice(0, from + start.length)}\n\n${table}\n\n${page.slice(to)}`;
};
