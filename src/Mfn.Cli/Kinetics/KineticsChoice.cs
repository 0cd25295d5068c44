using Mfn.Core.Kinetics;

namespace Mfn.Cli.Kinetics;

/// <summary>A kinetic model with the parameters that somebody gave.</summary>
/// <param name="Model">The model.</param>
/// <param name="Values">What was given; the others are as in the model's standard set.</param>
internal sealed record KineticsChoice(KineticsModel Model, IReadOnlyDictionary<KineticsParameter, double> Values);
