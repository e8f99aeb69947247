"""Jobs in bad weather: nodes, requests, uploads and job managers fail by a seed; each job must end and tell."""
