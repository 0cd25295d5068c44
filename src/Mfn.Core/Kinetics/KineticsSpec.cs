using System.Collections.Immutable;
using Mfn.Core.Specs;

namespace Mfn.Core.Kinetics;

/// <summary>A kinetic model with a value for each of its parameters.</summary>
public sealed record KineticsSpec
{
    /// <summary>A model with its standard set.</summary>
    public KineticsSpec(KineticsModel model)
        : this(model, [.. (model ?? throw new ArgumentNullException(nameof(model))).Parameters.Select(parameter => parameter.Default)])
    {
    }

    /// <summary>A model with the given values.</summary>
    /// <exception cref="ArgumentException">There are more or fewer values than parameters.</exception>
    public KineticsSpec(KineticsModel model, ImmutableArray<double> values)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (values.IsDefault || values.Length != model.Parameters.Length)
        {
            throw new ArgumentException(
                $"{model.Name} has {model.Parameters.Length} parameters, but {(values.IsDefault ? 0 : values.Length)} values were given.", nameof(values));
        }

        (Model, Values) = (model, values);
    }

    /// <summary>The equations.</summary>
    public KineticsModel Model { get; }

    /// <summary>In the order of <see cref="KineticsModel.Parameters"/>.</summary>
    public ImmutableArray<double> Values { get; }

    /// <summary>How many species there are: one or two.</summary>
    public int SpeciesCount => Model.Species.Length;

    /// <summary>The same with another value for the parameter of a symbol.</summary>
    /// <exception cref="ArgumentException">The model has no such parameter.</exception>
    public KineticsSpec With(string symbol, double value)
    {
        for (var i = 0; i < Values.Length; i++)
        {
            if (Model.Parameters[i].Symbol == symbol)
            {
                return new KineticsSpec(Model, Values.SetItem(i, value));
            }
        }

        throw new ArgumentException($"{Model.Name} has no parameter '{symbol}', but {string.Join(", ", Model.Parameters.Select(p => p.Symbol))}.", nameof(symbol));
    }

    /// <summary>The diffusion coefficient of a species.</summary>
    public double Diffusion(int species) => Model.Diffusion(Values.AsSpan(), species);

    /// <summary>The values out of their ranges, by the parameters' names; empty if there are none.</summary>
    public IReadOnlyList<SpecProblem> FindProblems()
    {
        var problems = new List<SpecProblem>();
        for (var i = 0; i < Values.Length; i++)
        {
            problems.Check(Model.Parameters[i].Name, Values[i], Model.Parameters[i].Range);
        }

        return problems;
    }

    /// <summary>Whether model and values are the same.</summary>
    public bool Equals(KineticsSpec? other) => other is not null && Model == other.Model && Values.AsSpan().SequenceEqual(other.Values.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Model.Name, Values.Length > 0 ? Values[0] : 0);
}
