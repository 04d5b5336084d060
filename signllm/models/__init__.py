"""Networks: the text encoder, lengths, pose decoders, and the two modes MLSF and Prompt2LangGloss."""
