import { type Element, groupLines, placeOf } from './group-lines.ts';
import { CommentInTheWay, type Comments, forgetting, type Layout } from './layout.ts';
import type { Place } from './place.ts';

export type WriteElement = (layout: Layout, element: Element, comments: Comments) => Comments;

/**
 * Writes the elements of a collection or call on the lines that they stood on. One line stays one line; where several
 * are, or a line end follows the opening bracket, each stands indented and ends with a comma.
 *
 * @param close the row of the closing bracket; -1 where it is not known
 */
export function writeIterable(
  layout: Layout,
  elements: readonly Element[],
  start: Place,
  close: number,
  comments: Comments,
  write: WriteElement,
): Comments {
  const lines = groupLines(elements, start);
  let isMultiline = lines.length > 1;
  if (!isMultiline) {
    if (comments.some(({ row }) => row > start.row && row < close)) throw new CommentInTheWay(comments);
    isMultiline = lineEndsBefore(lines[0]?.[0], start);
  }
  if (isMultiline) {
    layout.delayed = true;
    layout.startSequence();
  }
  return forgetting(() => {
    let left = comments;
    for (const line of lines.slice(0, -1)) {
      left = writeLine(layout, line, left, write);
      layout.write(',');
      layout.endLine();
      layout.startLine();
    }
    left = writeLine(layout, lines.at(-1)!, left, write);
    if (!isMultiline) return left;
    layout.write(',');
    layout.endLine();
    left = layout.insertComments(left, close);
    layout.down();
    layout.startLine();
    return left;
  });
}

/** A line ends between the opening bracket and the first element. */
function lineEndsBefore(first: Element | undefined, start: Place): boolean {
  if (first === undefined) return false;
  const { text } = start;
  const cut = text.indexOf(placeOf(first).text);
  return cut > 0 && text.slice(0, cut).indexOf('\n') > 0;
}

function writeLine(
  layout: Layout,
  elements: readonly Element[],
  comments: Comments,
  write: WriteElement,
): Comments {
  let left = comments;
  for (const [index, element] of elements.entries()) {
    left = write(layout, element, left);
    if (index < elements.length - 1) layout.write(', ');
  }
  return left;
}
