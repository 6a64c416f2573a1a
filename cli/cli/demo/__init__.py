"""The main job, performed through the gateway as clients would, and its effects watched."""
