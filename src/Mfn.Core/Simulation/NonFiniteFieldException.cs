using Mfn.Core.Fields;

namespace Mfn.Core.Simulation;

/// <summary>A field of a run got NaN or an infinity; the run cannot go on.</summary>
public sealed class NonFiniteFieldException : ArithmeticException
{
    public NonFiniteFieldException(int step, string fieldName, NonFiniteCells cells)
        : base($"The {fieldName} field is not finite after step {step}: it has {cells}.")
    {
        Step = step;
        FieldName = fieldName;
        Cells = cells;
    }

    /// <summary>The step, counted from 1, after which the field was no longer finite.</summary>
    public int Step { get; }

    /// <summary>"potential", "activator" or "inhibitor".</summary>
    public string FieldName { get; }

    /// <summary>How many cells are NaN or infinite.</summary>
    public NonFiniteCells Cells { get; }

    internal static void ThrowIfAny(ReadOnlySpan<double> cells, string fieldName, int step)
    {
        if (NonFiniteCells.AnyIn(cells))
        {
            throw new NonFiniteFieldException(step, fieldName, NonFiniteCells.In(cells));
        }
    }
}
