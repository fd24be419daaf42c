"""The cohorts room: mentions of many notes → documents, patients and cohorts, by rules that are named."""
