import { quote } from '../../value/index.ts';
import type { ValueNode } from './nodes.ts';
import { VALUE_KINDS } from './nodes.ts';

/** A value as faults show it. */
export function valueText(value: ValueNode): string {
  switch (value.Kind) {
    case VALUE_KINDS.variable:
      return `$${value.Raw}`;
    case VALUE_KINDS.string:
    case VALUE_KINDS.block:
      return quote(value.Raw);
    case VALUE_KINDS.list:
      return `[${value.Children.map((child) => valueText(child.Value)).join(',')}]`;
    case VALUE_KINDS.object:
      return `{${value.Children.map((child) => `${child.Name}:${valueText(child.Value)}`).join(',')}}`;
    default:
      return value.Raw;
  }
}
