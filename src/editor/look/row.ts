import type { Mark } from './marks';

/** One line of a view as it is shown; what it is made from is in the `*Rows` files. */
export interface Row {
  /** Keeps selection and folding across refreshes; unique in the view. */
  readonly id: string;
  readonly label: string;
  readonly description?: string | undefined;
  readonly mark?: Mark | undefined;
  /** What menus match in `viewItem`. */
  readonly context?: string;
  /** Lines of plain text; the first is the heading. */
  readonly tooltip?: readonly string[];
  /** What a screen reader says, where label and description do not say it all. */
  readonly spoken?: string;
  readonly fold: 'leaf' | 'closed' | 'open';
  /** Run on a click with the node as its argument. */
  readonly command?: string;
}
