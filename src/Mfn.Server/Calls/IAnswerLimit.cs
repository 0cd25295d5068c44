namespace Mfn.Server.Calls;

/// <summary>A feature of a call that counts its unary answer, which is held until the client has taken it.</summary>
internal interface IAnswerLimit
{
    /// <summary>Counts an answer before it is serialised.</summary>
    /// <exception cref="CallRefusedException">There is no memory for it.</exception>
    void Admit(int byteCount);
}
