"""What single lessons look through or do: layers, health, cgroups, outages, stacks, registries, scripts."""
