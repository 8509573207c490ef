#!/usr/bin/env node
import '../dist/main/runner.js';
