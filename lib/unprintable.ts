/** What could make a terminal or a page do anything but show it: move the cursor, or turn, join, hide or break a text. */
export const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
