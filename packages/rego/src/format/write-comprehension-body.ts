import { groupLines } from './group-lines.ts';
import { type Comments, forgetting, type Layout } from './layout.ts';
import type { FormatBody } from './nodes.ts';
import { type Brackets, closingRow, type Place } from './place.ts';

/**
 * Writes a body between the brackets of a comprehension, `every`, `not` or an operand: on one line where it stood on the
 * line of what is before it, else one literal a line.
 *
 * @param before what stands before the body
 * @param whole the whole that the brackets close
 */
export function writeComprehensionBody(
  layout: Layout,
  brackets: Brackets,
  body: FormatBody,
  before: Place,
  whole: Place,
  comments: Comments,
): Comments {
  const { productions } = layout;
  const lines = groupLines(body, before);
  const insertLast = (left: Comments): Comments =>
    forgetting(() => layout.insertComments(left, closingRow(whole, brackets)));
  if (body[0]!.place.row - before.row > 0 || lines.length > 1) {
    layout.endLine();
    layout.up();
    try {
      return insertLast(productions.body(layout, body, comments));
    } finally {
      layout.down();
      layout.startLine();
    }
  }
  layout.write(' ');
  let left = comments;
  for (const [index, expression] of body.entries()) {
    left = productions.expression(layout, expression, left);
    if (index < body.length - 1) layout.write('; ');
  }
  return insertLast(left);
}
