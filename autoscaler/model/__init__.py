"""The vocabulary: frozen values and no verbs. It imports nothing of ours and touches nothing."""
