namespace Mfn.Core.Networks;

/// <summary>Numbers that training changes, with the gradient of the loss by each of them. Whoever holds it may write to it.</summary>
public sealed class Parameter
{
    private readonly float[] _values;
    private readonly float[] _gradients;

    internal Parameter(int count)
    {
        _values = new float[count];
        _gradients = new float[count];
    }

    /// <summary>The numbers.</summary>
    public Span<float> Values => _values;

    /// <summary>What the last backward pass found, in the same order; 0 before the first.</summary>
    public Span<float> Gradients => _gradients;
}
