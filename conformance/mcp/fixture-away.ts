import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMES_AND_GOES } from './fixture-offers.ts';

type List = 'tools' | 'prompts';

/** Whether what comes and goes of a fixture is there. */
export interface Away {
  /** Takes what comes and goes of a list away, or gives it back. */
  toggle(list: List): void;
  isListed(list: List, name: string): boolean;
}

export function awayInMemory(): Away {
  const away = new Set<List>();
  return {
    toggle: (list) => void (away.delete(list) || away.add(list)),
    isListed: (list, name) => name !== COMES_AND_GOES || !away.has(list),
  };
}

/** The same for several processes that are one server: files of a folder. */
export function awayInFolder(folder: string): Away {
  const mark = (list: List) => join(folder, `${list}.away`);
  return {
    toggle(list) {
      if (existsSync(mark(list))) rmSync(mark(list));
      else writeFileSync(mark(list), '');
    },
    isListed: (list, name) => name !== COMES_AND_GOES || !existsSync(mark(list)),
  };
}
