"""A language model behind the OpenAI chat API: OpenAI itself, or vLLM, Ollama, llama.cpp, LM Studio and their like."""
