namespace Mfn.Server.Health;

/// <summary>What an operator should see to although the server serves. Thread-safe; keeps the first notes and counts the rest.</summary>
internal sealed class HealthNotes
{
    /// <summary>The most notes that are kept.</summary>
    public const int MaxKept = 100;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, object> _kept = [];
    private int _count;

    /// <summary>How many there were.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The notes by what they are about, such as "runs/ID".</summary>
    public IReadOnlyDictionary<string, object> Kept
    {
        get
        {
            lock (_lock)
            {
                return new Dictionary<string, object>(_kept);
            }
        }
    }

    /// <summary>Adds a note; one about the same thing is replaced.</summary>
    public void Add(string subject, string note)
    {
        lock (_lock)
        {
            if (_kept.ContainsKey(subject) || _kept.Count < MaxKept)
            {
                _count += _kept.ContainsKey(subject) ? 0 : 1;
                _kept[subject] = note;
            }
            else
            {
                _count++;
            }
        }
    }
}
