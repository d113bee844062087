/** A client of Office Search for browsers and Node, of which the search box is made. */

export { Client } from "./client.js";
export { Problem } from "./problem.js";
export type {
  Abortable,
  Answer,
  Click,
  Fact,
  Filter,
  FilterValue,
  GetToken,
  Hit,
  Labels,
  Options,
  Question,
  Reason,
  Recent,
  RecentSearch,
  Said,
  Section,
  SuggestQuestion,
  Suggestion,
  Suggestions,
  Surroundings,
  Tab,
  Understood,
  Vertical,
  Verticals,
} from "./types.js";
