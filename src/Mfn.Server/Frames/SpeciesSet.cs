namespace Mfn.Server.Frames;

/// <summary>Some of a run's fields, by their places.</summary>
internal readonly record struct SpeciesSet(uint Bits)
{
    /// <summary>Whether a field is among them.</summary>
    public bool Contains(int index) => (Bits & (1u << index)) != 0;

    /// <summary>These and another one.</summary>
    public SpeciesSet With(int index) => new(Bits | (1u << index));

    /// <summary>Whether something is so for each of them below a count.</summary>
    public bool All(int count, Func<int, bool> condition)
    {
        for (var index = 0; index < count; index++)
        {
            if (Contains(index) && !condition(index))
            {
                return false;
            }
        }

        return true;
    }
}
