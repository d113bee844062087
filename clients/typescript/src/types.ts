/** The names that the client gives to what the OpenAPI document describes. */

import type { components, paths } from "./schema.js";

type Schemas = components["schemas"];

/** What is asked of a search; every member may be left out. */
export type Question = Schemas["SearchQuestion"];
export type Answer = Schemas["AnswerBody"];
export type Hit = Schemas["HitBody"];
export type Section = Schemas["SectionBody"];
export type Understood = Schemas["QueryBody"];

export type SuggestQuestion = Schemas["SuggestQuestion"];
export type Suggestions = Schemas["SuggestionsBody"];
export type Suggestion = Schemas["SuggestionBody"];

export type Verticals = Schemas["VerticalsBody"];
export type Vertical = Schemas["VerticalBody"];
export type Tab = Schemas["TabBody"];
export type Fact = Schemas["FactBody"];
export type Filter = Schemas["FilterBody"];
export type FilterValue = Schemas["ValueBody"];
export type Labels = Schemas["LabelsBody"];

export type Surroundings = Schemas["SurroundingsBody"];
export type Said = Schemas["SaidBody"];

/** What is asked of the app store; without `q` all of it. */
export type AppsQuestion = NonNullable<paths["/v1/apps"]["get"]["parameters"]["query"]>;
export type Apps = Schemas["AppsBody"];
export type App = Schemas["AppBody"];
export type AppPage = Schemas["AppPageBody"];
export type AppList = Schemas["AppListBody"];
export type AppReason = Schemas["AppReasonBody"];
export type AppFacetCount = Schemas["CountBody"];
/** Apps of which each has its reason. */
export type Recommended = Schemas["RecommendedListBody"];

export type Click = Schemas["ClickBody"];
export type Recent = Schemas["RecentBody"];
export type RecentSearch = Schemas["RecentSearch"];

/** Why a token is asked for: the first one; the one before ran out; the one before was refused when it was new. */
export type Reason = "initial" | "expired" | "refused";

/** Gives a token for the caller. `signal` aborts when nobody waits for it any more. */
export type GetToken = (ask: { reason: Reason; signal: AbortSignal }) => Promise<string>;

export interface Options {
  /** Root of the API, such as `https://search.example/`; resolved against `document.baseURI` if there is one. */
  endpoint: string | URL;
  /** Absent: no `Authorization` header, as where a gateway in front names the caller. */
  getToken?: GetToken | null;
  /** How long a call may take with all that it needs, in ms; by default 15,000. Longer is a Problem with status 0. */
  timeoutMs?: number;
  /** Sent as `Accept-Language`. */
  language?: () => "zh" | "en";
  /**
   * Called when an answer is for another caller than the one before (not for the first). Every request under way has
   * been aborted by then, the one that brought the answer too: clear what is shown, and ask anew.
   */
  onCaller?: (caller: string) => void;
}

export interface Abortable {
  signal?: AbortSignal | undefined;
}
