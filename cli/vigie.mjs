#!/usr/bin/env node
// `vigie …` on any Node ≥ 20: the same hand-over as `npm start`, with every command.
import './bootstrap.mjs';
