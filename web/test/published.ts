/** What is published as the element's types holds for the element: this file is checked, never run. */

import type * as box from "../src/box/index.js";
import type * as published from "../types/office-search-box.js";

type Same<One, Other> = [One] extends [Other] ? ([Other] extends [One] ? true : never) : never;
type Told = "getToken" | "value" | "search" | "clear" | "close" | "forget";

export const holds: [
  Same<box.OpenDetail["modifiers"], published.OpenDetail["modifiers"]>,
  Same<keyof box.OpenDetail, keyof published.OpenDetail>,
  Same<keyof box.SearchDetail, keyof published.SearchDetail>,
  Same<box.ErrorDetail, published.ErrorDetail>,
  Same<box.Source, published.Source>,
  Same<Pick<box.OfficeSearchBox, Told>, Pick<published.OfficeSearchBox, Told>>,
  Same<keyof box.Entity, keyof published.Entity>,
] = [true, true, true, true, true, true, true];
