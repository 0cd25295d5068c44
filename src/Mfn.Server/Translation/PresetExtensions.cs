using Mfn.Core.Gallery;
using Mfn.Core.Kinetics;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>What the core has of presets and defaults, as callers send it.</summary>
public static class PresetExtensions
{
    /// <summary>The spec of a preset, with everything filled in.</summary>
    public static Wire.SimulationSpec ToWire(this Preset preset)
    {
        ArgumentNullException.ThrowIfNull(preset);
        return preset.Spec.ToWire();
    }

    /// <summary>How a simulation of a model begins if nobody says.</summary>
    public static Wire.InitialPattern InitialToWire(this KineticsModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return model.DefaultInitial.ToWire();
    }
}
