#!/usr/bin/env node
import '../dist/main/pilothouse.js';
