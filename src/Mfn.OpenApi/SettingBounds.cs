using Mfn.Server.Configuration;

namespace Mfn.OpenApi;

/// <summary>Bounds that are settings of the server: it puts its own into the document that it serves.</summary>
internal static class SettingBounds
{
    private const string MaxGridSize = $"{LimitsOptions.Section}:{nameof(LimitsOptions.MaxGridSize)}";
    private const string MaxSteps = $"{LimitsOptions.Section}:{nameof(LimitsOptions.MaxSteps)}";
    private const string MaxFrames = $"{LimitsOptions.Section}:{nameof(LimitsOptions.MaxFrames)}";

    private static readonly Dictionary<string, string> ByField = new()
    {
        ["mfn.v1.SimulationSpec.grid_size"] = MaxGridSize,
        ["mfn.v1.SimulationSpec.steps"] = MaxSteps,
        ["mfn.v1.Domain.rows"] = MaxGridSize,
        ["mfn.v1.Domain.columns"] = MaxGridSize,
        ["mfn.v1.FeaturesCost.rows"] = MaxGridSize,
        ["mfn.v1.FeaturesCost.columns"] = MaxGridSize,
        ["mfn.v1.FeaturesCost.frame_count"] = MaxFrames,
        ["mfn.v1.ExtractFeaturesRequest.frames"] = MaxFrames,
        ["mfn.v1.ComputeHistoryStabilityRequest.frames"] = MaxFrames,
        ["mfn.v1.StreamSimulationRequest.every_n_steps"] = MaxSteps,
    };

    /// <summary>The setting that is the greatest value of a field of a request, or its most elements; null if there is none.</summary>
    public static string? Of(string field) => ByField.GetValueOrDefault(field);
}
