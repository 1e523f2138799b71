/** The parts that a Go time layout is made of, by the text that stands for each in the reference time. */
export type LayoutPart =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: LayoutField }
  | {
      readonly kind: 'fraction';
      readonly separator: string;
      readonly digits: number;
      readonly fixed: boolean;
    };

export type LayoutField =
  | 'January'
  | 'Jan'
  | 'Monday'
  | 'Mon'
  | 'MST'
  | '01'
  | '02'
  | '03'
  | '04'
  | '05'
  | '06'
  | '002'
  | '15'
  | '1'
  | '2006'
  | '2'
  | '_2'
  | '__2'
  | '3'
  | '4'
  | '5'
  | 'PM'
  | 'pm'
  | ZoneField;

/** Offsets; those with Z write `Z` for UTC. */
export type ZoneField =
  | '-070000'
  | '-07:00:00'
  | '-0700'
  | '-07:00'
  | '-07'
  | 'Z070000'
  | 'Z07:00:00'
  | 'Z0700'
  | 'Z07:00'
  | 'Z07';

/** Fields in the order in which they are tried at one place: longer ones first. */
const FIELDS: readonly LayoutField[] = [
  'January',
  'Jan',
  'Monday',
  'Mon',
  'MST',
  '002',
  '01',
  '02',
  '03',
  '04',
  '05',
  '06',
  '15',
  '1',
  '2006',
  '2',
  '__2',
  '_2',
  '3',
  '4',
  '5',
  'PM',
  'pm',
  '-070000',
  '-07:00:00',
  '-0700',
  '-07:00',
  '-07',
  'Z070000',
  'Z07:00:00',
  'Z0700',
  'Z07:00',
  'Z07',
];

function fieldAt(layout: string, index: number): LayoutField | undefined {
  return FIELDS.find((field) => {
    if (!layout.startsWith(field, index)) return false;
    // "Janet" is no month, "Mondy" no weekday; "_2006" is a literal underscore before the year.
    if (field === 'Jan' || field === 'Mon') return !/[a-z]/.test(layout[index + 3] ?? '');
    return field !== '_2' || !layout.startsWith('_2006', index);
  });
}

function fractionAt(layout: string, index: number): LayoutPart | undefined {
  const match = /^([.,])(0+|9+)(?!\d)/.exec(layout.slice(index));
  if (match === null) return undefined;
  return { kind: 'fraction', separator: match[1]!, digits: match[2]!.length, fixed: match[2]![0] === '0' };
}

/** Splits a layout into its parts. Source: the documentation of Go's package time. */
export function layoutParts(layout: string): readonly LayoutPart[] {
  const parts: LayoutPart[] = [];
  let literal = '';
  let index = 0;
  const flush = (): void => {
    if (literal !== '') parts.push({ kind: 'literal', text: literal });
    literal = '';
  };
  while (index < layout.length) {
    const field = fieldAt(layout, index);
    const fraction = field === undefined ? fractionAt(layout, index) : undefined;
    if (field === undefined && fraction === undefined) {
      literal += layout[index];
      index++;
      continue;
    }
    flush();
    if (field !== undefined) {
      parts.push({ kind: field });
      index += field.length;
    } else if (fraction?.kind === 'fraction') {
      parts.push(fraction);
      index += 1 + fraction.digits;
    }
  }
  flush();
  return parts;
}

/** Layouts that policies may name. */
export const NAMED_LAYOUTS: Readonly<Record<string, string>> = {
  ANSIC: 'Mon Jan _2 15:04:05 2006',
  UnixDate: 'Mon Jan _2 15:04:05 MST 2006',
  RubyDate: 'Mon Jan 02 15:04:05 -0700 2006',
  RFC822: '02 Jan 06 15:04 MST',
  RFC822Z: '02 Jan 06 15:04 -0700',
  RFC850: 'Monday, 02-Jan-06 15:04:05 MST',
  RFC1123: 'Mon, 02 Jan 2006 15:04:05 MST',
  RFC1123Z: 'Mon, 02 Jan 2006 15:04:05 -0700',
  RFC3339: '2006-01-02T15:04:05Z07:00',
  RFC3339Nano: '2006-01-02T15:04:05.999999999Z07:00',
};

export const MONTHS: readonly string[] = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

export const WEEKDAYS: readonly string[] = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
];
