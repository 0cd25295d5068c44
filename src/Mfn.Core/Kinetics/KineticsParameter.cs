using Mfn.Core.Specs;

namespace Mfn.Core.Kinetics;

/// <summary>A number that a kinetic model has.</summary>
/// <param name="Symbol">As in the literature's equations, and as the command line names it: "F".</param>
/// <param name="Name">As the contracts name it: "feed_rate".</param>
/// <param name="Default">Its value in the model's standard set.</param>
/// <param name="Range">What it may be.</param>
/// <param name="Meaning">What it is, in a few words.</param>
public sealed record KineticsParameter(string Symbol, string Name, double Default, ParameterRange Range, string Meaning);
