using Google.Protobuf;
using Mfn.Contracts.V1;

namespace Mfn.Cli;

/// <summary>The simulation presets of the reference, those of configs/, which are part of the executable.</summary>
internal static class Presets
{
    public static readonly string[] Names = ["small", "medium", "large"];

    /// <summary>The spec of a preset.</summary>
    public static SimulationSpec Load(string name)
    {
        using var stream = typeof(Presets).Assembly.GetManifestResourceStream($"presets/{name}.json")
            ?? throw new BadArgumentsException($"There is no preset '{name}'. Known are: {string.Join(", ", Names)}.");
        using var reader = new StreamReader(stream);
        return JsonParser.Default.Parse<SimulationSpec>(reader);
    }
}
