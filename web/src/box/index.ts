/** Defines `<office-search-box>`; importing it is enough. */

import { OfficeSearchBox } from "./element.js";

export { OfficeSearchBox };
export type { ErrorDetail, OpenDetail, SearchDetail, Source } from "../../types/office-search-box.js";
export type { GetToken, Reason } from "@office-search/client";
export type { Entity } from "../shared/hits.js";

if (!customElements.get("office-search-box")) customElements.define("office-search-box", OfficeSearchBox);
