import { type Comments, type Layout, tolerating } from './layout.ts';
import type { FormatEvery } from './nodes.ts';
import type { Place } from './place.ts';
import { writeComprehensionBody } from './write-comprehension-body.ts';
import { writeTerm } from './write-term.ts';

/** Writes `every k, v in xs { … }`. */
export function writeEvery(layout: Layout, every: FormatEvery, place: Place, comments: Comments): Comments {
  let left = layout.insertComments(comments, place.row);
  layout.write('every ');
  if (every.key !== undefined) {
    left = writeTerm(layout, every.key, left);
    layout.write(', ');
  }
  left = writeTerm(layout, every.value, left);
  layout.write(' in ');
  left = writeTerm(layout, every.domain, left);
  layout.write(' {');
  left = tolerating(() => writeComprehensionBody(layout, '{}', every.body, place, place, left));
  if (every.body.length === 1 && every.body[0]!.place.row === every.place.row) layout.write(' ');
  layout.write('}');
  return left;
}
