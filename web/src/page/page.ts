import "../box/index.js";
