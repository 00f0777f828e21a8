import type { Edition } from '../watched.ts';

/** Loads the page again when the server has a new edition of it, on the same way; what is wrong with the files is said above the page. */
export const followNews = (): void => {
  const { edition: own } = document.documentElement.dataset;
  const said = document.getElementById('news');
  if (own === undefined || !said) return; // A page from a file has no server.
  new EventSource('/news').onmessage = ({ data }: MessageEvent<string>) => {
    const { number, problem }: Edition = JSON.parse(data);
    said.hidden = problem === undefined;
    said.textContent = problem === undefined ? '' : `The page is as it was before the last edit: ${problem}`;
    if (problem === undefined && String(number) !== own) location.reload();
  };
};
